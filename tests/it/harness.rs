//! The library's front door tells what the program tells.

use msnpspec::net::{ServeOptions, Serving};
use msnpspec::server::{Config, Fault, faults};
use msnpspec::{Account, Harness, HarnessError, Judged, Target};

/// What becomes of two scenarios on a server with these faults.
async fn judged(faults: &[Fault]) -> Judged {
    let config = Config {
        faults: faults.iter().copied().collect(),
        ..Config::default()
    };
    let server = Serving::start(config, ServeOptions::default())
        .await
        .expect("ports are free");
    let address = server.doors().notification().to_string();
    let account = |n| Account::new(format!("user{n}@hotmail.com"), format!("pw{n}"));
    let target = Target::address(&address, (1..=3).map(account).collect());
    let target = target.expect("it is an address");
    let judged = Harness::new(target)
        .only("lists/add or CHG-1")
        .run()
        .await
        .expect("it runs");
    server.shutdown().await;
    judged
}

#[tokio::test]
async fn a_sound_server_breaks_nothing() {
    let judged = judged(&[]).await;
    assert!(judged.is_unbroken(), "{judged}");
    assert!(judged.tests().count() > 2);
    assert!(judged.tests().all(|(_, result)| result.is_ok()));
}

#[tokio::test]
async fn a_breach_fails_the_test_of_its_scenario_and_names_the_clause() {
    let fault = faults()
        .iter()
        .find(|fault| fault.name() == "idle-echoed-as-away");
    let judged = judged(&[*fault.unwrap()]).await;
    assert_eq!(judged.exit_code, 1);
    let failed: Vec<_> = judged
        .tests()
        .filter(|(_, result)| result.is_err())
        .collect();
    let (_, told) = failed.first().expect("one fails");
    assert!(told.as_ref().unwrap_err().contains("CHG-1 at "), "{told:?}");
    let lists = judged
        .tests()
        .find(|(name, _)| name.starts_with("lists/add"));
    assert_eq!(lists.unwrap().1, Ok(()));
}

#[tokio::test]
async fn a_filter_that_names_nothing_is_refused() {
    let target = Target::address("127.0.0.1:1", Vec::new()).unwrap();
    let nothing = Harness::new(target.clone()).only("x/y").run().await;
    assert!(matches!(nothing, Err(HarnessError::Nothing { .. })));
    let wrong = Harness::new(target).only("CHG-99").run().await;
    assert!(matches!(wrong, Err(HarnessError::Filter { .. })));
}
