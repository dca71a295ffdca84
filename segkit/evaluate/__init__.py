"""Proof of what was done (效果评估): estimates with intervals, surveys, movement, experiments, cohorts."""
