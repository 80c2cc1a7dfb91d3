"""What tests are made with. Tests import from here, and never from each other."""
