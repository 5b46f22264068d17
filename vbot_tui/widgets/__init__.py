"""The widgets of the cockpit, drawn line by line."""
