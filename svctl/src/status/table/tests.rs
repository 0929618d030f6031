//! The table as it looks, as text.

use super::*;

/// A table of a service of each kind.
fn rows() -> Vec<Row> {
    let row = |texts: [&str; COLUMNS], tone: Tone| {
        let mut cells = texts.map(|text| Cell::plain(text.to_owned()));
        cells[STATE].tone = tone;
        Row(cells)
    };
    vec![
        row(["db", "ready", "4711", "3d04h", "0", "-", ""], Tone::Good),
        row(["  log", "up", "4712", "3d04h", "0", "-", ""], Tone::Good),
        row(["\u{65e5}\u{672c}", "backoff 8s", "-", "2s", "12", "SIGSEGV (core)", ""], Tone::Busy),
        row(["web", "failed", "-", "1m07s", "3", "exit 3", "failed by max-restarts"], Tone::Bad),
        row(["x", "down", "-", "5h00m", "0", "exit 0", ""], Tone::Faint),
    ]
}

fn golden(name: &str, screen: Screen) {
    let path = format!("{}/src/status/table/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    // Escape as ^[, so that people can read it.
    let drawn = draw(&rows(), screen).replace('\x1b', "^[");
    if std::env::var_os("GOLDEN").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), drawn, "{path}");
    if let Some(most) = screen.width.filter(|_| !screen.colour) {
        assert!(drawn.lines().all(|line| width(line) <= most), "{drawn}");
    }
}

#[test]
fn wide_table_has_every_column() {
    golden("wide", Screen { width: None, colour: false });
}

#[test]
fn narrow_table_gives_columns_up_and_wraps_no_line() {
    golden("narrow-70", Screen { width: Some(70), colour: false });
    golden("narrow-50", Screen { width: Some(50), colour: false });
    golden("narrow-20", Screen { width: Some(20), colour: false });
}

#[test]
fn colours_are_those_of_the_states() {
    golden("colour", Screen { width: Some(80), colour: true });
}

#[test]
fn no_width_is_too_small() {
    for most in 0..100 {
        let widths = layout(&natural(&rows()[0], &rows()), Some(most));
        assert!(total(&widths) <= most.max(LEAST_NAME + GAP + 1), "{most} {widths:?}");
    }
    assert_eq!(draw(&[], Screen { width: None, colour: true }), "");
}
