"""What is right about samples that were drawn by a rule: for each of these datasets its drawing, its reader, its
controls. One file each; `drawn` holds what they share, `objects` finds things in a picture."""
