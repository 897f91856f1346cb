"""Programs killed, disks that fail and power that goes: each in processes of its own, judged by what is left."""
