"""The demo company: a food and beverage wholesaler in the Netherlands, Belgium and Germany, made from a seed.

The same seed and day give the same records. Its rows go through the same loader as an import.
"""
