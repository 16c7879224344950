"""The motion prior's training: pairs of pictures with exact correspondence, and the network that learns it."""
