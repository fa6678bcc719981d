"""What a VM is: its files read together into one frozen record."""
