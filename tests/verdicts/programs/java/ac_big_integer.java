import java.math.BigInteger;

public class Main {
    public static void main(String[] arguments) {
        System.out.println(new BigInteger("3000000046").shiftLeft(3000).shiftRight(3000));
        System.out.println(BigInteger.valueOf(3000000000L));
    }
}
