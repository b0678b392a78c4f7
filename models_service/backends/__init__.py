"""PURE: what loads and asks models. torch and transformers are imported in loaders."""
