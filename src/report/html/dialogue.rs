//! What was on the wire as a sequence diagram: a lifeline for each connection, one for the server,
//! and an arrow for each line.

use maud::{Markup, html};

use super::LONGEST;
use crate::event::Failure;
use crate::report::text::{clipped, counted};
use crate::report::wire::{Line, Row, rows};
use crate::transcript::Party;

/// More connections share the last lifeline.
const LANES: usize = 4;

pub(super) fn diagram(failure: &Failure) -> Markup {
    let rows = rows(failure);
    let mut lanes: Vec<&str> = Vec::new();
    for row in &rows {
        if let Row::Line(line) = row
            && !lanes.contains(&line.who)
        {
            lanes.push(line.who);
        }
    }
    let count = lanes.len().clamp(1, LANES);
    let heads = lanes.iter().enumerate().take(count);
    let end = rows.len() + 2;
    html! {
        @if !rows.is_empty() {
            div.seq role="list" aria-label="what was on the wire"
                style={ "grid-template-columns:repeat(" (count) ",minmax(0,1fr)) minmax(0,min-content)" } {
                @for (at, who) in heads {
                    div.head.c style={ "grid-column:" (at + 1) ";grid-row:1" } aria-hidden="true" {
                        (clipped(who, 60))
                        @if at + 1 == LANES && lanes.len() > LANES { " and others" }
                    }
                    div.life style={ "grid-column:" (at + 1) ";grid-row:2/" (end) } {}
                }
                div.head.s style={ "grid-column:" (count + 1) ";grid-row:1" } aria-hidden="true" { "server" }
                div.life.s style={ "grid-column:" (count + 1) ";grid-row:2/" (end) } {}
                @for (at, row) in rows.iter().enumerate() {
                    @match row {
                        Row::Line(line) => {
                            @let lane = lanes.iter().position(|who| *who == line.who);
                            @let lane = lane.unwrap_or_default().min(count - 1) + 1;
                            (message(line, lane, at + 2))
                        }
                        Row::Note { text, is_accused } => {
                            div.note.accused[*is_accused] role="listitem" style={ "grid-row:" (at + 2) } {
                                (clipped(text, LONGEST))
                                @if *is_accused { (accused()) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn message(line: &Line<'_>, lane: usize, row: usize) -> Markup {
    let side = match line.party {
        Party::Client => "c",
        Party::Server => "s",
    };
    let own = if line.mark.is_some() { " own" } else { "" };
    let struck = if line.is_accused { " accused" } else { "" };
    html! {
        div class={ "m " (side) (own) (struck) } role="listitem"
            style={ "grid-column:" (lane) "/-1;grid-row:" (row) } {
            span.who { (clipped(line.who, 60)) }
            span.tag { (line.side()) ":" }
            code { (clipped(line.text, LONGEST)) }
            @let aside = line.aside(true);
            @if !aside.is_empty() { " " small { (aside) } }
            @if line.is_accused { (accused()) }
            @if !line.payload.is_empty() {
                details open[line.is_accused] {
                    summary { small { "payload, " (counted(line.payload.len(), "line")) } }
                    pre { @for part in &line.payload { (clipped(part, LONGEST)) "\n" } }
                }
            }
        }
    }
}

fn accused() -> Markup {
    html! { span.accused-tag { "accused" } }
}
