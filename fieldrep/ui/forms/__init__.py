"""Forms over the catalogue: a field's control, its check and its value come from how the field is declared."""
