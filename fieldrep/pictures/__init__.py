"""Pictures of unknown origin, decoded in a process of their own: what a hostile one takes down is that process alone.

`decoder` is the window's and the command line's end, `worker` the other one; only there Qt decodes anything. What goes
between them goes through pipes and never lies in a file.
"""
