"""The account record: its header, its tabs and what can be done with it. The Accounts page puts it beside the list."""
