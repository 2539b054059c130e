"""Whole CIFAR-10 and MNIST files in their own formats, made small; and the images to enlarge."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from hwgen.errors import HwgenError
from training.data.cifar10 import RECORD, cifar10
from training.data.images import FILES, images
from training.data.spoken_digits import spoken_digit_images, spoken_digits
from training.data.super_resolution import FACTOR, PATCH, cut, resized, shrunk, super_resolution
from training.score import image_psnr

DATA = Path(__file__).parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the data sets are not there")


def write_cifar10(folder, per_batch=3):
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True)
    names = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]
    records = rng.integers(0, 256, (len(names), per_batch, RECORD)).astype(np.uint8)
    records[:, :, 0] %= 10
    for name, batch in zip(names, records, strict=True):
        (folder / name).write_bytes(batch.tobytes())
    return records


@pytest.mark.parametrize("place", ["", "cifar-10-batches-bin", "cifar10/cifar-10-batches-bin"])
def test_whole_cifar10(place, tmp_path):
    records = write_cifar10(tmp_path / "data" / place)
    dataset = cifar10(tmp_path / "data")
    assert dataset.train_x.shape == (15, 3, 32, 32)
    expected = records[1, 2, 1 + 1024 + 32 * 5 + 7]  # second batch, third image, green, row, column
    assert dataset.train_x[5, 1, 5, 7] == expected
    assert dataset.train_y.tolist() == records[:5, :, 0].ravel().tolist()
    assert dataset.test_y.tolist() == records[5, :, 0].tolist()


def test_damaged_and_pickled_cifar10(tmp_path):
    write_cifar10(tmp_path / "a")
    path = tmp_path / "a" / "data_batch_3.bin"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(HwgenError) as caught:
        cifar10(tmp_path / "a")
    assert str(caught.value) == (
        f"data: {path} must be records of 3073 bytes with labels 0 to 9; fetch it again"
    )
    path.unlink()
    with pytest.raises(HwgenError, match=r"data_batch_3\.bin must be there, and is not"):
        cifar10(tmp_path / "a")
    (tmp_path / "b" / "cifar-10-batches-py").mkdir(parents=True)
    with pytest.raises(HwgenError, match="in its binary form, not pickled, which could run any"):
        cifar10(tmp_path / "b")
    with pytest.raises(HwgenError, match=r"labels\.npz must be there"):
        cifar10(tmp_path)


def write_idx(folder, suffix):
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True)
    arrays = []
    for file, shape in zip(FILES, ((4, 28, 28), (4,), (2, 28, 28), (2,)), strict=True):
        array = rng.integers(0, 10, shape).astype(np.uint8)
        sizes = np.array(shape, ">u4").tobytes()
        content = bytes((0, 0, 8, len(shape))) + sizes + array.tobytes()
        packed = gzip.compress(content) if suffix else content
        (folder / f"{file}{suffix}").write_bytes(packed)
        arrays.append(array)
    return arrays


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("place", ["", "fashion_mnist", "FashionMNIST/raw"])
def test_whole_mnist(place, suffix, tmp_path):
    train_x, train_y, test_x, test_y = write_idx(tmp_path / "data" / place, suffix)
    dataset = images(tmp_path / "data", "fashion_mnist")
    assert np.array_equal(dataset.train_x, train_x.reshape(4, 784))
    assert np.array_equal(dataset.test_x, test_x.reshape(2, 784))
    assert np.array_equal(dataset.train_y, train_y)
    assert np.array_equal(dataset.test_y, test_y)


@pytest.mark.parametrize("keep", [3, 15, 500])
def test_damaged_idx(keep, tmp_path):
    write_idx(tmp_path / "mnist", "")
    path = tmp_path / "mnist" / FILES[0]
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(HwgenError) as caught:
        images(tmp_path, "mnist")
    assert str(caught.value) == (
        f"data: {path} must be an idx file of 3 axes of bytes, whole; fetch it again"
    )


def test_a_cut_gz_is_one_sentence(tmp_path):
    write_idx(tmp_path / "mnist", ".gz")
    path = tmp_path / "mnist" / f"{FILES[2]}.gz"
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(HwgenError, match=r"must be a whole \.gz file"):
        images(tmp_path, "mnist")


@needs_data
def test_spoken_digits_are_split_by_take():
    rows, pictures = spoken_digits(DATA), spoken_digit_images(DATA)
    assert (rows.train_x.shape, rows.test_x.shape) == ((2700, 800), (300, 800))
    assert np.bincount(rows.test_y).tolist() == [30] * 10
    assert np.array_equal(pictures.test_x.reshape(300, 800), rows.test_x)


@needs_data
def test_bicubic_is_the_published_one():
    dataset = super_resolution(DATA)
    decibels = {"set5": [], "set14": []}
    for pair in dataset.tests:
        bicubic = resized(pair.small.astype(np.uint8), *pair.large.shape).astype(np.int64)
        decibels[pair.part].append(image_psnr(bicubic, pair, dataset))
    assert [len(found) for found in decibels.values()] == [5, 14]
    assert np.mean(decibels["set5"]) == pytest.approx(30.38, abs=0.006)
    assert np.mean(decibels["set14"]) == pytest.approx(27.63, abs=0.006)


@needs_data
def test_training_patches_are_pairs():
    dataset = super_resolution(DATA)
    assert dataset.shape == (1, PATCH, PATCH)
    assert dataset.train_y.shape[1:] == (1, FACTOR * PATCH, FACTOR * PATCH)
    blocks = dataset.train_y.reshape(-1, PATCH, FACTOR, PATCH, FACTOR).mean(axis=(2, 4))
    assert np.abs(blocks - dataset.train_x[:, 0]).mean() < 4


def test_cutting_leaves_out_what_fills_no_patch():
    image = np.arange(60 * 99, dtype=np.int64).reshape(60, 99).astype(np.uint8)
    patches = cut(image)
    assert len(patches) == 1 * 2
    small, large = patches[1]
    assert np.array_equal(large, image[:48, 48:96])
    assert np.array_equal(small, shrunk(image)[:16, 16:32])
