"""Before the window proper: the gate with one card on it: unlock, enrol, or why the profile cannot be opened."""
