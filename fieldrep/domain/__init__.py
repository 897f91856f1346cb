"""Pure business rules that both programs share: money, orders, prices, duplicates. No I/O, no clock, no state."""
