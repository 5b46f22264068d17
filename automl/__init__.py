"""What to try next: studies, the scheduler that runs their trials, suggestions, early stopping and diagnosis.

Everything here is light at import; optuna is loaded only while a suggestion is computed.
"""
