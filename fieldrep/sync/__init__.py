"""How replica and central store meet: the engine, its steps, the bearers, enrolment. Begin with `engine.py`."""
