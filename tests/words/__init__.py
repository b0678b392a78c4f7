"""The words of the interface, and how they are translated."""
