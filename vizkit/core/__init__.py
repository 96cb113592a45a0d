"""What everything speaks: frames, results, controls, dials, runs. Imports nothing else of vizkit."""
