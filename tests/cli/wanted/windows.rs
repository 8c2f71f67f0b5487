//! An environment starts only while its window is open.

use super::*;

#[test]
fn an_environment_is_started_inside_a_window_only() {
    // The sandbox starts on Monday, 2026-03-02, 08:00.
    let served = Served::patched(&teams(), "3600");
    let name = wanted_file(
        &served,
        "at-most = 1\nwindows = [\"mon 20:00-mon 21:00\", \"tue 00:00-tue 01:00\"]",
        &[("Team a", 1), ("Team b", 1)],
    );
    let mut soon = apply(&name, &ALL[..2]);
    soon.push("--no-wait");
    let ran = served.run(&soon).exits(8);
    ran.says(&[
        "The next change window opens on Mon 2026-03-02 20:00 UTC",
        "not started",
    ]);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert_eq!(said.matches("Continue with:").count(), 1, "{said}");
    let ran = served
        .run(&[&apply(&name, &ALL[..2])[..], &["--timeout", "2h"]].concat())
        .exits(8);
    ran.says(&["opens on Mon 2026-03-02 20:00 UTC"]);
    assert!(start_times(&served).is_empty());
    // It is now ten o'clock or later. The clock is advanced, so that the evening comes sooner.
    served.advance(8.0 * 3600.0);
    let ran = served.run(&apply(&name, &ALL[..2])).exits(0);
    ran.says(&[
        "Waiting for the change window that opens on Mon 2026-03-02 20:00 UTC",
        "Waiting for the change window that opens on Tue 2026-03-03 00:00 UTC",
    ]);
    // A second here is an hour of the sandbox. The request arrives a moment after the window was
    // found open.
    let days: Vec<String> = start_times(&served)
        .iter()
        .map(|(_, at)| at.strftime("%a %H").to_string())
        .collect();
    assert!(
        ["Mon 20", "Mon 21", "Mon 22"].contains(&days[0].as_str()),
        "{days:?}"
    );
    assert!(
        ["Tue 00", "Tue 01", "Tue 02"].contains(&days[1].as_str()),
        "{days:?}"
    );
    assert_eq!(days.len(), 2);
}

#[test]
fn a_window_that_closes_while_everything_is_looked_at_once_more_stops_the_start() {
    // It is Monday, 08:00, and a second here is 50 minutes. The read directly before the start
    // takes longer than the window stays open.
    let ends = |late: u64, code: i32| {
        let served = Served::patched(&teams(), "3000");
        let name = wanted_file(
            &served,
            "at-most = 1\nwindows = [\"mon 07:00-mon 09:40\"]",
            &[("Team a", 1)],
        );
        let slow = vec![("/scopes/admin/environments/", Deed::Late(late))];
        let ran = Between::after(&served, 2, slow).run_as(
            "admin",
            &[&apply(&name, &["Team a"])[..], &["--timeout", "12h"]].concat(),
        );
        assert_eq!(ran.code, code, "{}", ran.stderr);
        (ran, start_times(&served).len())
    };
    let (ran, started) = ends(2500, 8);
    ran.says(&[
        "cmkctl did not take `Team a` offline, because the change window is closed. The next \
        window opens on Mon 2026-03-09 07:00 UTC.",
    ]);
    assert_eq!(started, 0);
    assert_eq!(ends(0, 0).1, 1);
}
