"""The capability problem, against its slow twin and by what must hold of it."""
from hypothesis import HealthCheck, given, settings
import numpy as np
import pytest
from random_chains import chains
from twin import twin
from wholenation.capability import *
from wholenation.network import to_network
from wholenation.scenarios import denial, under
from hypothesis import strategies as st

@settings(max_examples=150, deadline=None)
@given(chain=chains(), step=st.sampled_from(["year","quarter"]))
def test_twin(chain, step):
    network=to_network(chain,"AAA"); horizon=to_horizon(network,step)
    c=Capability(network,horizon)
    e=Capability(network,horizon,early=True)
    limits=under(network,c.base,denial(chain,network,horizon,"s"))
    t=twin(chain,"AAA",step,"s")
    assert c.solve(limits).loss == pytest.approx(t.loss,abs=1e-6)
    service=e.solve(limits)
    assert service.loss == pytest.approx(t.loss,abs=1e-5)
