"""Invented sample data with known truth (样例数据): generators, used by ``segkit data build`` only."""
