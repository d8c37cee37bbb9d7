"""From how many measurements on does the curvature of phase retrieval point to the signal?"""

from statphys_gen.phase_retrieval import Loss, PhaseRetrieval, compare, initial_transition

loss = Loss.normalised(offset=0.5)
found = initial_transition(loss)
print(found)
print(compare(PhaseRetrieval(loss, 6.0), 1000, instances=8))
