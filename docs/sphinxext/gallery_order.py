"""Order of the examples in the gallery."""

# From what most come for to what is special.
EXAMPLES = [
    "plot_separate_attended.py",
    "plot_decode_by_trial.py",
    "plot_how_sure.py",
    "plot_every_display.py",
    "plot_tap_a_rhythm.py",
    "plot_pitched_voices.py",
    "plot_attention_over_time.py",
    "plot_live_switch.py",
    "plot_madeeg_protocol.py",
    "plot_labels_that_mean_nothing.py",
    "plot_cost_over_iterations.py",
    "plot_ten_minutes.py",
]


class ReadingOrder:
    """Sort examples as they are to be read; one that is not listed is an error."""

    def __init__(self, src_dir):
        pass

    def __call__(self, file_name):
        return EXAMPLES.index(str(file_name))
