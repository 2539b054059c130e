"""A budget in units: the nearest codes, those of a width of the same budget, certified."""

from itertools import product

import numpy as np
import pytest
import torch
from torch import nn

from hwgen.bounds import offset_cap
from hwgen.errors import ModelError, SettingError
from hwgen.nn import (
    QuantActivation,
    QuantInput,
    QuantLinear,
    WeightQuant,
    export_graph,
    load_model,
    save_model,
)
from hwgen.nn.certify import certify
from hwgen.nn.quantizers import quantizer
from hwgen.numeric import IntType
from hwgen.report.inspection import inspection, inspection_table

U4 = IntType(bits=4, signed=False)


def units_of(units, **others):
    return WeightQuant(method="a2q_ip", bits=3, units=units, **others)


@pytest.mark.parametrize("units", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("scale", ["channel", "tensor"])
def test_the_codes_are_the_nearest_of_all_within_the_units(units, scale):
    generator = torch.Generator().manual_seed(units)
    weight = torch.randn(6, 4, generator=generator)
    module = quantizer(units_of(units, scale=scale), weight, U4)
    x = (weight / module.scale).detach().numpy()
    candidates = np.array(list(product(range(-3, 4), repeat=4)))
    candidates = candidates[np.abs(candidates).sum(axis=1) <= units]
    best = ((x[:, None] - candidates) ** 2).sum(axis=2).min(axis=1)
    codes = module.codes(weight).values.numpy()
    assert np.abs(codes).sum(axis=1).max() <= units
    np.testing.assert_allclose(((x - codes) ** 2).sum(axis=1), best, rtol=1e-5)


@pytest.mark.parametrize("bits", [5, 6, 8])
@pytest.mark.parametrize("backward", ["soft", "identity"])
def test_units_that_a_width_pays_are_that_width(bits, backward):
    weight = torch.randn(8, 50, generator=torch.Generator().manual_seed(bits))
    cap = offset_cap(bits, U4.range)
    told = (
        {"accumulator_bits": bits},
        {"units": cap},
        {"units": cap, "accumulator_bits": bits + 3},
        {"units": 10 * cap, "accumulator_bits": bits},
    )
    found = []
    for budget in told:
        rows = weight.clone().requires_grad_()
        config = WeightQuant(method="a2q_ip", backward=backward, **budget)
        module = quantizer(config, rows, U4)
        start = module.initial_weight(rows.detach())
        values = module(rows)
        (values * torch.arange(50.0)).sum().backward()
        certified = certify(
            module.codes(rows).values.detach().numpy().astype(np.int64),
            (rows / module.scale).detach().double().numpy(),
            config,
            U4,
        )
        assert certified.repairs == 0
        found.append((start, values, rows.grad, module.log2_scale.grad, certified.weight))
    for other in found[1:]:
        for ours, theirs in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(
                np.asarray(torch.as_tensor(ours).detach()),
                np.asarray(torch.as_tensor(theirs).detach()),
            )


def test_the_exact_check_takes_what_is_above_the_units():
    codes = np.array([[3, -3, 1, 0], [1, 0, 0, 0]])
    reals = np.array([[3.2, -2.9, 0.6, 0.0], [1.0, 0.0, 0.0, 0.0]])
    fixed = certify(codes, reals, units_of(6), U4)
    assert fixed.weight.tolist() == [[3, -3, 0, 0], [1, 0, 0, 0]]
    assert fixed.repairs == 1
    assert np.abs(certify(codes, reals, units_of(2), U4).weight).sum(axis=1).tolist() == [2, 1]


def net_of(first, last):
    torch.manual_seed(3)
    pixels = QuantInput(4, scale=1 / 15)
    act = QuantActivation(2, calibration_steps=1)
    net = nn.Sequential()
    net.add_module("quant", pixels)
    net.add_module("dense0", QuantLinear(12, 5, quant=first, source=pixels))
    net.add_module("act0", act)
    net.add_module("dense1", QuantLinear(5, 3, quant=last, source=act, bias=True))
    net.train()(torch.rand(16, 12))
    return net.eval()


def exported(first, last):
    return export_graph(net_of(first, last), name="net", input_shape=(12,))


def test_the_file_holds_what_was_asked_for(tmp_path):
    first, last = units_of(5), units_of(4, accumulator_bits=3, scale="tensor")
    path = tmp_path / "net.pt"
    save_model(exported(first, last), path)
    graph = load_model(path)
    asked = [(a.target_bits, a.target_units) for a in graph.node("dense0").accumulators]
    assert asked == [(None, 5)] * 5
    assert {(a.target_bits, a.target_units) for a in graph.node("dense1").accumulators} == {(3, 4)}
    for name, most in (("dense0", 5), ("dense1", 2)):  # 7 // 3 units keep three bits
        node = graph.node(name)
        assert np.abs(node.rows).sum(axis=1).max() == most
    widths = [a.bits for a in graph.node("dense0").accumulators]
    assert max(widths) == (15 * 5).bit_length()  # as certified: units alone promise no width
    (line,) = [node for node in inspection(graph)["nodes"] if node["name"] == "dense0"]
    assert (line["target_bits"], line["target_units"]) == (None, 5)
    assert line["l1_norm"]["sum"] == sum(line["channels"]["l1_norm"])
    table, *_ = inspection_table(inspection(graph)).renderables
    targets = list(table.columns[-1].cells)
    assert [cell for cell in targets if "u" in cell] == ["u5", "3, u4"]


def test_a_file_that_claims_fewer_units_than_it_has(tmp_path):
    path = tmp_path / "net.pt"
    save_model(exported(units_of(5), units_of(4, scale="tensor")), path)
    document = torch.load(path, weights_only=True)
    for accumulator in document["nodes"][0]["accumulator"]:
        accumulator["target_units"] = 4
    torch.save(document, path)
    with pytest.raises(ModelError) as caught:
        load_model(path)
    assert str(caught.value).splitlines()[0] == (
        "net: dense0: channel 0: weights have 5 units, more than the 4 trained for"
    )


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"method": "a2q", "accumulator_bits": 8, "units": 9},
            "units must be None for a2q, which has no budget of them; use a2q_ip",
        ),
        ({"units": 9}, "units must be None for qat, which has no budget of them; use a2q_ip"),
        ({"method": "a2q_ip", "units": 0}, "units must be at least 1, not 0"),
        ({"method": "a2q_ip", "units": 2.5}, "units must be a whole number, not 2.5"),
        ({"method": "a2q_ip", "units": 10**10}, f"units must be at most {10**9}, not {10**10}"),
    ],
)
def test_refusals(settings, sentence):
    with pytest.raises(SettingError) as caught:
        WeightQuant(**settings)
    assert str(caught.value) == f"weight quantizer: {sentence}"
