"""What to try next: studies, scheduler, spaces, samplers, diagnosis."""
