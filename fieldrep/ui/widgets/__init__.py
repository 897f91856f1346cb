"""The building blocks of pages, one component a module.

They take plain values, emit signals and hold no business logic. They must not know commands, queries or pages.
"""
