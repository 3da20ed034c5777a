from sklearn_cnmf._words import number_of


def test_one_and_several():
    assert [number_of(n, "trial") for n in (0, 1, 2)] == [
        "0 trials",
        "1 trial",
        "2 trials",
    ]
    assert number_of(1, "stimulus", "stimuli") == "1 stimulus"
    assert number_of(3, "stimulus", "stimuli") == "3 stimuli"
