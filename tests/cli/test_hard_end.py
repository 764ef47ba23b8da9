"""A process that hangs at its end."""

import subprocess
import sys
import time

from suyuan.cli.hard_end import HardEnd

HANGS = """
import time
from suyuan.cli.hard_end import HardEnd
end = HardEnd(0.2)
end.arm()
end.arm()
time.sleep(60)
"""


def test_a_process_that_hangs_ends_and_says_so():
    done = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert "ending as if killed" in done.stderr


def test_a_process_that_ended_well_goes_on():
    for armed in (True, False):
        end = HardEnd(0.1)
        if armed:
            end.arm()
        end.disarm()
    time.sleep(0.2)
