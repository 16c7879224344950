"""The geometry prior: pictures with both surfaces, the network's training, its measures, its export."""
