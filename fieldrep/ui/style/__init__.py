"""The look: design tokens, theme, fonts, icons and the one stylesheet.

It owns every colour, size and typeface of the window. It must not know any page or any business word.
"""
