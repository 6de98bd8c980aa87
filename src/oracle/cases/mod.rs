//! Dialogues for judges whose own files have no room for them: what is told, and the lawful
//! neighbour about which nothing is said.

mod answers;
mod batches;
mod calls;
mod dialects;
mod forgetting;
mod groups;
mod lists;
mod logins;
mod messages;
mod presence;
mod reading;
mod refusals;
mod settings;
mod states;
