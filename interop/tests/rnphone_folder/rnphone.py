"""rnphone's own reading of a folder.

rnphone.py make FOLDER    writes the config that rnphone makes on its first run
rnphone.py read FOLDER    prints what rnphone took from it, as JSON; its own hash is all zeros
"""

import json
import os
import sys
from types import SimpleNamespace

from LXST.Utilities import rnphone
from RNS.vendor.configobj import ConfigObj


def telephone(folder):
    phone = object.__new__(rnphone.ReticulumTelephone)
    phone.service = False
    phone.configdir = folder
    phone.configpath = os.path.join(folder, "config")
    phone.identity = SimpleNamespace(hash=bytes(16))
    phone.ringtone_path = phone.speaker_device = None
    phone.microphone_device = phone.ringer_device = None
    phone.allowed = rnphone.Telephone.ALLOW_ALL
    phone.allow_phonebook = False
    phone.allowed_list, phone.blocked_list = [], []
    phone.phonebook, phone.aliases, phone.names = {}, {}, {}
    return phone


def read(phone):
    phone.config = ConfigObj(phone.configpath)
    phone.apply_config()
    everybody = phone.allowed == rnphone.Telephone.ALLOW_ALL
    nobody = phone.allowed == rnphone.Telephone.ALLOW_NONE
    return {
        "ringtone": phone.ringtone_path,
        "speaker": phone.speaker_device,
        "allowed": "all" if everybody else "none" if nobody else sorted(h.hex() for h in phone.allowed_list),
        "blocked": sorted(h.hex() for h in phone.blocked_list),
        "phonebook": phone.phonebook,
        "aliases": phone.aliases,
    }


phone = telephone(sys.argv[2])
if sys.argv[1] == "make":
    phone.create_default_config()
else:
    print(json.dumps(read(phone)))
