"""Order Gaussians by depth: a radix sort of each part, then merges in which all threads take a share.

A key is the depth's bits, then the index of the Gaussian, so no two keys are equal and equal depths keep their order.
"""

import numpy as np

from tween4d.splatting.numba_engine.compiling import take_ticket
from tween4d.splatting.numba_engine.layout import DIGIT_BITS, DIGITS
from tween4d.splatting.numba_engine.stored import kernel

ZERO = np.float32(0)


@kernel
def sort_parts(counter, bits, extents, parts, scratch, keys, spare, runs):
    """Sort the keys of the drawn Gaussians of each of `parts` equal ranges.

    Args:
        bits: [n] uint32, of the depths as float32, which are positive.
        scratch: [parts, 3 * DIGITS] int64.
        keys, spare: [n] uint64; part p's keys end up in `spare` from the start of its range.
        runs: [parts, 2] receives where each sorted part starts and stops.
    """
    n = len(bits)
    while True:
        part = take_ticket(counter)
        if part >= parts:
            break
        counts, start = scratch[part], n * part // parts
        stop = start
        for digit in range(3 * DIGITS):
            counts[digit] = 0
        for i in range(start, n * (part + 1) // parts):
            if extents[i, 0] > ZERO:
                # Positive floats order like their bits.
                key = np.uint64(bits[i])
                keys[stop] = key << np.uint64(32) | np.uint64(i)
                stop += 1
                for turn in range(3):
                    digit = np.int64(key >> np.uint64(DIGIT_BITS * turn)) & (DIGITS - 1)
                    counts[turn * DIGITS + digit] += 1
        runs[part, 0], runs[part, 1] = start, stop
        for turn in range(3):
            total = start
            for digit in range(turn * DIGITS, (turn + 1) * DIGITS):
                here = counts[digit]
                counts[digit] = total
                total += here
        source, target = keys, spare
        for turn in range(3):
            shift = np.uint64(32 + DIGIT_BITS * turn)
            for k in range(start, stop):
                digit = np.int64(source[k] >> shift) & (DIGITS - 1)
                place = counts[turn * DIGITS + digit]
                counts[turn * DIGITS + digit] = place + 1
                target[place] = source[k]
            source, target = target, source


@kernel
def merge_runs(counter, source, runs, segments, target):
    """Merge runs 0 and 1, 2 and 3, ...; the results follow each other in `target` without gaps.

    Each merge is cut into `segments` pieces of equal length, which are found by bisection (merge path).
    """
    while True:
        ticket = take_ticket(counter)
        pair, segment = ticket // segments, ticket % segments
        if pair >= len(runs) // 2:
            break
        begin = 0
        for r in range(2 * pair):
            begin += runs[r, 1] - runs[r, 0]
        a, a_stop, b, b_stop = runs[2 * pair, 0], runs[2 * pair, 1], runs[2 * pair + 1, 0], runs[2 * pair + 1, 1]
        total = a_stop - a + b_stop - b
        place, last = total * segment // segments, total * (segment + 1) // segments
        low, high = max(0, place - (b_stop - b)), min(place, a_stop - a)
        while low < high:
            middle = (low + high) // 2
            if source[a + middle] < source[b + place - middle - 1]:
                low = middle + 1
            else:
                high = middle
        a, b = a + low, b + place - low
        for k in range(begin + place, begin + last):
            if b >= b_stop or (a < a_stop and source[a] < source[b]):
                target[k] = source[a]
                a += 1
            else:
                target[k] = source[b]
                b += 1
