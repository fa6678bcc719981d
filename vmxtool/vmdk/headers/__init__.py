"""Binary headers of disk files: one module for each format, with its layout, its record and its checks."""
