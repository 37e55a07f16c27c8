"""3. The loop: slots, the life of one clip, pacing and stopping. It knows only ports."""
