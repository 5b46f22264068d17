"""How the cockpit is measured: the real program in a terminal of its own, made-up runs, figures with their targets."""
