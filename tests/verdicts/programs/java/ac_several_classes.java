class Sum {
    static long of() { return 3000000046L; }
}

interface Largest {
    long get();
}

public class Main {
    static class Inner implements Largest {
        public long get() { return 3000000000L; }
    }

    public static void main(String[] arguments) {
        System.out.println(Sum.of());
        System.out.println(new Inner().get());
    }
}
