//! Mutates every answer, one part at a time. The run must not make a change that the unmutated run
//! does not make. It must not repeat a change, or report a success that the tenant does not show.
//!
//! `CMKCTL_MATRIX=full cargo test --locked --test cli poverty -- --nocapture` tries every mutation.
//! By default, each mutation of each kind of request is tried at one place. `CMKCTL_TESTED=FILE`
//! tests another build of the client.

mod excuses;
mod fields;
mod mutations;
mod runs;

use crate::arena::{Arena, End, ended, spread};
use crate::tool::Ran;
use excuses::excuses;
use mutations::{Answers, Mutation};
use runs::Run;
use serde_json::json;
use std::io::Write;
use std::process::Command;
use std::time::Instant;

/// Sandbox seconds per real second.
const SPEED: f64 = 40_000.0;

/// The answers and the end state of the unmutated run.
struct Clean {
    end: End,
    answers: Answers,
}

fn clean(arena: &Arena, run: &Run) -> Clean {
    arena.begin_with_answers(&run.scenario, SPEED);
    let ran = started(arena, run);
    assert_eq!(
        ran.code, run.code,
        "{}: {}{}",
        run.name, ran.stdout, ran.stderr
    );
    Clean {
        end: arena.end(),
        answers: mutations::answers(&arena.exchanges()),
    }
}

fn started(arena: &Arena, run: &Run) -> Ran {
    ended(begun(arena, run))
}

/// The command, after its files are written.
fn begun(arena: &Arena, run: &Run) -> Command {
    for (name, text) in &run.files {
        arena.served.write(name, text);
    }
    let arguments: Vec<&str> = run.arguments.iter().map(String::as_str).collect();
    arena.command(run.user, &arguments)
}

/// Are all these effects allowed, and not more often?
fn within(effects: &[String], allowed: &[String]) -> bool {
    let mut left = allowed.to_vec();
    effects.iter().all(|effect| {
        let at = left.iter().position(|other| other == effect);
        at.map(|at| left.remove(at)).is_some()
    })
}

/// Why the end of a mutated run is not safe, if so.
fn unsafe_end(run: &Run, clean: &End, (code, end): (i32, &End)) -> Option<String> {
    if !within(&end.effects, &clean.effects) {
        return Some(format!(
            "effects {:?}, allowed {:?}",
            end.effects, clean.effects
        ));
    }
    if code == 0 && (run.code != 0 || end.world != clean.world) {
        return Some("success that the tenant does not show".to_owned());
    }
    (code < 0 || code == 101).then(|| format!("it ended with {code}"))
}

/// Runs a mutation. `Ok(false)` means that another result is correct under it.
fn tried(arena: &Arena, run: &Run, clean: &Clean, mutation: &Mutation) -> Result<bool, String> {
    let Mutation {
        route,
        how,
        at,
        from,
    } = mutation;
    let rule = json!([{
        "match": { "method": route.method, "host": route.host, "path": route.path, "nth": from },
        "do": how, "to": at, "times": 1_000_000, "seconds": 20.0,
    }]);
    arena.begin(&run.scenario, &rule, SPEED);
    let ran = started(arena, run);
    let end = arena.end();
    unsafe_end(run, &clean.end, (ran.code, &end)).map_or(Ok(true), |why| {
        if excuses(run.name, mutation) {
            return Ok(false);
        }
        let asked = format!("{} {}{} from {from}", route.method, route.host, route.path);
        Err(format!(
            "{}: {how} {at} of {asked}: exit {}: {why}\n{}{}",
            run.name, ran.code, ran.stdout, ran.stderr
        ))
    })
}

#[track_caller]
fn every_mutation(runs: impl Fn(&Arena) -> Vec<Run>) {
    let full = std::env::var("CMKCTL_MATRIX").is_ok_and(|value| value == "full");
    let began = Instant::now();
    let arena = Arena::open();
    let runs = runs(&arena);
    let cleans: Vec<Clean> = runs.iter().map(|run| clean(&arena, run)).collect();
    let all = cleans
        .iter()
        .zip(&runs)
        .map(|(clean, run)| (mutations::all(&clean.answers), run.decides));
    let cases = mutations::chosen(all.collect(), full);
    let outcomes = spread(&cases, |arena, (at, mutation)| {
        tried(arena, &runs[*at], &cleans[*at], mutation)
    });
    let excused = outcomes.iter().filter(|one| **one == Ok(false)).count();
    let failures: Vec<String> = outcomes.into_iter().filter_map(Result::err).collect();
    let _ = writeln!(
        std::io::stdout(),
        "{} mutations: {} safe, {excused} of them another valid answer ({:.0?})",
        cases.len(),
        cases.len() - failures.len(),
        began.elapsed()
    );
    assert!(
        failures.is_empty(),
        "{}:\n{}",
        failures.len(),
        failures.join("\n\n")
    );
}

#[test]
fn no_poorer_answer_starts_what_the_true_one_does_not() {
    every_mutation(runs::changes);
}

#[test]
fn no_poorer_answer_undoes_a_refusal() {
    every_mutation(runs::refusals);
}
