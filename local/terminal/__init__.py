"""What commands share: options, output, what is drawn on a terminal, what they run and open."""
