//! Bundles: one that is not refused has the plan that it was made with.

use migrate_core::plan::bundle::{Bundle, Carried};
use migrate_core::plan::{Fingerprint, PlanFile};
use serde_json::Value;

use crate::Tried;
use crate::mutate::{Random, text, value};
use crate::plans;

#[test]
fn bundles() {
    let mut tried = Tried::new("bundles");
    let mut random = Random::of("bundles");
    let plan = PlanFile::from_json(&plans::valid()).unwrap();
    let bundle = Bundle::of(&plan, Some("0123456789".to_owned()), "0.1.0").unwrap();
    let sealed = bundle.to_json();
    let json: Value = serde_json::from_str(sealed).unwrap();
    let mut inputs: Vec<_> = (0..150).map(|_| text(sealed, &mut random)).collect();
    inputs.extend((0..100).map(|_| value(&json, &mut random).to_string()));
    inputs.extend(
        ["1", "2", "-1", "\"1\"", "null", "1.0", "4294967297"]
            .map(|format| sealed.replacen("\"bundle\":1", &format!("\"bundle\":{format}"), 1)),
    );
    inputs.extend([0, 1, sealed.len() / 2, sealed.len() - 1].map(|end| sealed[..end].to_owned()));
    for input in &inputs {
        let plan = &plan;
        tried.input(input, move || {
            match Carried::from_json(input.clone()).map_err(|error| error.to_string())? {
                Carried::Bundle(bundle) => {
                    assert_eq!(bundle.plan().as_ref().ok(), Some(plan), "{input}");
                    assert_eq!(bundle.fingerprint, Fingerprint::of_plan(&plan.plan), "{input}");
                    assert_eq!(bundle.history, plan.history, "{input}");
                }
                // Without its seal a file may be a plan, as one that is handed on.
                Carried::Plan(_) => {}
            }
            Ok(())
        });
    }
}
