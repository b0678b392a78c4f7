"""DECIDES human or AI under a budget. Sits above the other two apps."""
