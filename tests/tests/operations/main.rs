//! Every operation: applied, taken back and applied again on a server, with the same catalog each
//! time. A file for each object, as in the language.

mod case;
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
    column constraint extension foreign function index object policy privilege publication raw role
    schema sequence subscription table trigger user_type view
}
