"""And with data of mine? Digits 1 and 8 (run in docs/examples, where their files lie)."""

from statphys_gen.diffusion import analyse, load_dataset

report = analyse(load_dataset("digits.npy", "digits_labels.npy"), sources=356)
for entry in (*report.times, *report.collapse.times):
    if entry.time is not None:
        print(f"{entry.criterion:<20}{entry.time:.3f} +- {entry.standard_error:.3f}")
