//! Every operation: applied, taken back and applied again on a server, with the same catalog each
//! time. A file for each object, as in the language.

mod case;
mod coverage;
mod hostile;
mod manual;

macro_rules! objects {
    ($($object:ident)*) => {$(
        mod $object;

        #[test]
        fn $object() {
            case::run(&$object::cases());
        }
    )*};
}
objects! {
    column constraint extension function index object policy privilege raw role schema sequence table
    trigger user_type view
}
