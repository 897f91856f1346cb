"""Screenshots of the window, taken offscreen, with checks of what does not fit."""
