"""Acts of the office: people, territories, cover, discounts, orders that wait, and what was handed to the admin."""
