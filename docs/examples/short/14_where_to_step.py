"""At which noise levels should my sampler take its 12 steps, and what goes wrong there?"""

from statphys_gen.schedules import TwoClasses, design_schedule

designed = design_schedule(TwoClasses(dimension=3000, separation=0.8, variance=0.36, weight=0.7), 12)
print(designed)
