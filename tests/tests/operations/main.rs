//! Every operation: applied, reverted and applied again on a server, with the same catalog each
//! time. A file for each object, as in the language.

mod case;
mod coverage;
mod hostile;
mod keep;
mod manual;
mod traps;

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
    cast collation column constraint event_trigger extension foreign function index object operator
    policy privilege publication raw role rule schema sequence statistics subscription table
    text_search trigger user_type view
}
