"""What system, crash and bench scripts share: real peers of the gateway, in Python."""
