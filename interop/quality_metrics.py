"""What scores heard speech beside the original: PESQ, STOI, ViSQOL and DNSMOS."""

import numpy as np
from pesq import pesq
from pystoi import stoi
from quality_speech import RATE
from scipy import signal
from speechmos import dnsmos
from visqol import VisqolApi


def pesq_wb(speech, heard):
    return pesq(16_000, *at_rate(16_000, speech, heard), "wb")


def pesq_nb(speech, heard):
    return pesq(8_000, *at_rate(8_000, speech, heard), "nb")


def intelligible(speech, heard):
    """STOI, the best over delays of up to 96 ms: Codec2 keeps no phase to align by."""
    speech, heard = at_rate(16_000, speech, heard)
    length = min(len(speech), len(heard)) - 1_536
    delays = range(0, 1_537, 128)
    return max(stoi(speech[:length], heard[d : d + length], 16_000) for d in delays)


def visqol(speech, heard):
    """ViSQOL in its audio mode, the only metric that hears beyond 8 kHz."""
    length = min(len(speech), len(heard))
    result = _visqol.measure_from_arrays(speech[:length], heard[:length], RATE)
    return result.moslqo


def p808(_speech, heard):
    """DNSMOS P.808: what listeners would say without the original."""
    (pcm,) = at_rate(16_000, heard)
    return dnsmos.run(np.clip(pcm, -1, 1), 16_000)["p808_mos"]


def reach(speech, heard):
    """How high the audio reaches, in kHz: the highest half kHz of speech that keeps a tenth of its
    power. What is 60 dB below the loudest is no speech."""
    length = min(len(speech), len(heard))
    powers = [signal.welch(pcm[:length], RATE, nperseg=RATE // 10)[1] for pcm in (speech, heard)]
    before, after = (power[: 20 * 100].reshape(-1, 50).sum(axis=1) for power in powers)
    kept = np.flatnonzero((before > np.max(before) * 1e-6) & (after >= before / 10))
    return (kept[-1] + 1) / 2 if len(kept) else 0


def at_rate(rate, *signals):
    return [signal.resample_poly(pcm, rate, RATE).astype(np.float32) for pcm in signals]


# In the order of the tables.
METRICS = {"PESQ": pesq_wb, "STOI": intelligible, "ViSQOL": visqol, "P.808": p808}

_visqol = VisqolApi()
_visqol.create(mode="audio")
