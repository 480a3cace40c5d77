// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {AccountFactory, RevertingVerifier, SmartAccount} from "../utils/Accounts.sol";
import {ITestUSD} from "../utils/ITestUSD.sol";
import {PermitToken, PlainToken} from "../utils/PlainToken.sol";
import {MarketTest} from "./MarketTest.sol";

/// @notice Purchases by a permit, and purchases that a payer signs and anybody sends.
contract RelayedTest is MarketTest {
    uint256 internal constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    /// @dev Where Solady has its reverting verifier on every chain.
    address internal constant VERIFIER = 0x00007bd799e4A591FeA53f8A8a3E9f931626Ba7e;
    bytes32 internal constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    uint256 internal offerId;
    uint256 internal expiry;
    IAccessMarket.Permit internal none;

    function setUp() public override {
        super.setUp();
        offerId = listNext(termsOf(PRICE));
        expiry = block.timestamp + 1 hours;
    }

    function purchase() internal view returns (IAccessMarket.Purchase memory) {
        return purchaseOf(offerId, buyer);
    }

    function relay(IAccessMarket.Purchase memory purchase_, bytes memory signature, IAccessMarket.Permit memory permit)
        internal
        returns (uint256)
    {
        vm.prank(relayer);
        return market.buyFor(buyer, purchase_, expiry, signature, permit);
    }

    function expectBadSignature(address signer) internal {
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_BadSignature.selector, signer));
    }

    /// @dev The buyer has no allowance and must permit.
    function disallow() internal {
        vm.prank(buyer);
        token.approve(address(ledger), 0);
    }

    function permitOf(uint256 amount) internal view returns (IAccessMarket.Permit memory permit) {
        (permit.amount, permit.deadline) = (amount, block.timestamp + 1 hours);
        bytes32 structHash = keccak256(
            abi.encode(PERMIT_TYPEHASH, buyer, address(ledger), amount, token.nonces(buyer), permit.deadline)
        );
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", token.DOMAIN_SEPARATOR(), structHash));
        (permit.v, permit.r, permit.s) = vm.sign(BUYER_KEY, digest);
    }

    function permitBuy(IAccessMarket.Purchase memory purchase_, IAccessMarket.Permit memory permit)
        internal
        returns (uint256)
    {
        vm.prank(buyer);
        return market.buyWithPermit(purchase_, permit);
    }

    function sendPermit(IAccessMarket.Permit memory permit) internal {
        token.permit(buyer, address(ledger), permit.amount, permit.deadline, permit.v, permit.r, permit.s);
    }

    /* buyWithPermit */

    function test_APermitPays() public {
        disallow();
        assertEq(permitBuy(purchase(), permitOf(PRICE)), PRICE, "amount");
        assertEq(salesOf(model), PRICE, "sales");
        assertEq(token.allowance(buyer, address(ledger)), 0, "all of it is spent");
        assertTrue(market.isEntitled(offerId, buyer, model), "pass");
    }

    function test_APermitPaysWhatWaits() public {
        disallow();
        offerId = listNext(timedTerms(PRICE));
        assertEq(permitBuy(purchase(), permitOf(PRICE)), PRICE, "amount");
        assertEq(heldByMarket(), PRICE, "market");
    }

    /// @dev Whoever saw the permit and used it first has done the buyer no harm.
    function test_APermitThatWasUsedAlreadyIsNoError() public {
        disallow();
        IAccessMarket.Permit memory permit = permitOf(PRICE);
        sendPermit(permit);
        assertEq(permitBuy(purchase(), permit), PRICE, "amount");
    }

    function test_ATokenWithoutPermitsIsPaidByItsAllowance() public {
        token = ITestUSD(address(new PlainToken()));
        vm.prank(governor);
        ledger.setTokenAllowed(address(token), true);
        offerId = listNext(termsOf(PRICE));
        fund(buyer, PRICE);
        IAccessMarket.Permit memory permit;
        permit.deadline = block.timestamp;
        assertEq(permitBuy(purchase(), permit), PRICE, "amount");
    }

    function test_OpenZeppelinsPermitsAreAccepted() public {
        token = ITestUSD(address(new PermitToken()));
        vm.prank(governor);
        ledger.setTokenAllowed(address(token), true);
        offerId = listNext(termsOf(PRICE));
        token.mint(buyer, PRICE);
        permitBuy(purchase(), permitOf(PRICE));
        assertEq(salesOf(model), PRICE, "sales");
    }

    function test_RevertWhen_ThePermitDoesNotPay() public {
        disallow();
        IAccessMarket.Permit[4] memory permits =
            [permitOf(PRICE - 1), permitOf(PRICE), permitOf(PRICE), permitOf(PRICE)];
        (permits[1].v, permits[1].s) = (permits[1].v ^ 7, bytes32(ORDER - uint256(permits[1].s)));
        permits[2].r = bytes32(uint256(1));
        permits[3].deadline = block.timestamp - 1;
        IAccessMarket.Purchase memory wanted = purchase();
        for (uint256 i; i < permits.length; ++i) {
            vm.expectRevert(bytes4(keccak256("TransferFromFailed()")));
            permitBuy(wanted, permits[i]);
        }
        assertEq(market.passOf(offerId, buyer).purchases, 0, "no pass");
    }

    /* buyFor */

    function test_AnybodyBuysForWhoSigned() public {
        uint256 before = token.balanceOf(buyer);
        IAccessMarket.Purchase memory signed = purchase();
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.PassGranted(offerId, model, buyer, buyer, PRICE, 0, uint40(PERPETUAL), 0);
        assertEq(relay(signed, signPurchase(signed, expiry), none), PRICE, "amount");
        assertEq(before - token.balanceOf(buyer), PRICE, "paid by the payer");
        assertTrue(!market.isEntitled(offerId, relayer, model), "not the relayer's");
    }

    function test_AllIsSignedAtOnceForWhoNeverSentATransaction() public {
        disallow();
        IAccessMarket.Purchase memory signed = purchase();
        relay(signed, signPurchase(signed, expiry), permitOf(PRICE));
        assertEq(salesOf(model), PRICE, "sales");
    }

    function test_ARelayedPurchaseMayWaitGiveOrBeFree() public {
        offerId = listNext(timedTerms(PRICE));
        IAccessMarket.Purchase memory gift = purchaseOf(offerId, ada);
        (gift.holder, gift.quantity) = (ada, 7);
        relay(gift, signPurchase(gift, expiry), none);
        assertEq(refundAs(ada, offerId), 7 * PRICE, "days for ada");
        offerId = listNext(termsOf(0));
        IAccessMarket.Purchase memory free = purchase();
        relay(free, signPurchase(free, expiry), none);
        assertTrue(market.isEntitled(offerId, buyer, model), "for nothing");
    }

    function test_TheHolderThatIsZeroIsThePayer() public {
        IAccessMarket.Purchase memory signed = purchase();
        bytes memory signature = signPurchase(signed, expiry);
        signed.holder = buyer;
        relay(signed, signature, none);
        assertTrue(market.isEntitled(offerId, buyer, model), "pass");
    }

    function test_ASmartAccountSignsByErc1271() public {
        SmartAccount account = new SmartAccount(buyer);
        fund(address(account), PRICE);
        IAccessMarket.Purchase memory signed = purchaseOf(offerId, address(account));
        bytes32 structHash = hashOf(signed, address(account), expiry);
        bytes memory signature = signFor(BUYER_KEY, address(market), structHash);
        bytes memory foreign = signFor(0xbad, address(market), structHash);
        expectBadSignature(address(account));
        market.buyFor(address(account), signed, expiry, foreign, none);
        market.buyFor(address(account), signed, expiry, signature, none);
        assertTrue(market.isEntitled(offerId, address(account), model), "pass");
    }

    /// @dev Who sees the signature can change nothing of what was signed.
    function test_RevertWhen_AnythingIsAnotherThanWasSigned() public {
        IAccessMarket.Purchase memory signed = purchase();
        signed.amountMax = 2 * PRICE;
        bytes memory signature = signPurchase(signed, expiry);
        uint256 other = listNext(timedTerms(PRICE));
        IAccessMarket.Purchase[5] memory changed;
        for (uint256 i; i < changed.length; ++i) {
            changed[i] = abi.decode(abi.encode(signed), (IAccessMarket.Purchase));
        }
        changed[0].offerId = other;
        changed[1].version += 1;
        changed[2].holder = relayer;
        changed[3].amountMax += 1;
        changed[4].nonce += 1;
        for (uint256 i; i < changed.length; ++i) {
            expectBadSignature(buyer);
            relay(changed[i], signature, none);
        }
        signed.quantity = 2;
        expectBadSignature(buyer);
        relay(signed, signature, none);
        signed.quantity = 1;
        expectBadSignature(reader);
        vm.prank(relayer);
        market.buyFor(reader, signed, expiry, signature, none);
        expectBadSignature(buyer);
        vm.prank(relayer);
        market.buyFor(buyer, signed, expiry + 1, signature, none);
        relay(signed, signature, none);
    }

    function test_RevertWhen_AnotherChainOrMarketWasMeant() public {
        IAccessMarket.Purchase memory signed = purchase();
        bytes memory elsewhere = signFor(BUYER_KEY, address(registry), hashOf(signed, buyer, expiry));
        expectBadSignature(buyer);
        relay(signed, elsewhere, none);
        bytes memory signature = signPurchase(signed, expiry);
        vm.chainId(31338);
        expectBadSignature(buyer);
        relay(signed, signature, none);
        vm.chainId(31337);
        relay(signed, signature, none);
    }

    function test_RevertWhen_ItIsExpired() public {
        IAccessMarket.Purchase memory signed = purchase();
        bytes memory signature = signPurchase(signed, expiry);
        vm.warp(expiry + 1);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_SignatureExpired.selector, expiry));
        relay(signed, signature, none);
        vm.warp(expiry);
        relay(signed, signature, none);
    }

    function test_RevertWhen_ItIsUsedAgain() public {
        IAccessMarket.OfferTerms memory terms = heldTerms(PRICE, 24);
        terms.flags = TRANSFERABLE;
        offerId = listNext(terms);
        IAccessMarket.Purchase memory signed = purchase();
        bytes memory signature = signPurchase(signed, expiry);
        relay(signed, signature, none);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_PassHeld.selector, offerId, buyer));
        relay(signed, signature, none);
        // Not after the pass was moved or given back either.
        vm.prank(buyer);
        market.transferPass(offerId, ada);
        bytes memory used = abi.encodeWithSelector(IAccessMarket.AccessMarket_NonceInvalid.selector, 1, 0);
        vm.expectRevert(used);
        relay(signed, signature, none);
        vm.prank(ada);
        market.transferPass(offerId, buyer);
        refundAs(buyer, offerId);
        vm.expectRevert(used);
        relay(signed, signature, none);
    }

    function test_RevertWhen_TheSignatureIsNotStrict() public {
        IAccessMarket.Purchase memory signed = purchase();
        bytes memory signature = signPurchase(signed, expiry);
        (bytes32 r, bytes32 s, uint8 v) = split(signature);
        bytes[7] memory signatures = [
            abi.encodePacked(r, bytes32(ORDER - uint256(s)), v ^ 7),
            abi.encodePacked(r, s, uint8(0)),
            abi.encodePacked(r, s, uint8(1)),
            abi.encodePacked(r, s, uint8(29)),
            abi.encodePacked(r, bytes32(uint256(s) | uint256(v - 27) << 255)),
            abi.encodePacked(r, s, v, bytes1(0)),
            bytes("")
        ];
        for (uint256 i; i < signatures.length; ++i) {
            expectBadSignature(buyer);
            relay(signed, signatures[i], none);
        }
        expectBadSignature(address(0));
        market.buyFor(address(0), signed, expiry, signatures[1], none);
    }

    function split(bytes memory signature) internal pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }
    }

    /// @dev An account whose code is still to be deployed signs by ERC-6492, and is asked by a verifier that takes all
    /// of it back.
    function test_AnAccountThatIsStillToBeDeployedSignsByErc6492() public {
        AccountFactory factory = new AccountFactory();
        address account = factory.addressOf(buyer);
        fund(account, PRICE);
        IAccessMarket.Purchase memory signed = purchaseOf(offerId, account);
        bytes memory inner = signFor(BUYER_KEY, address(market), hashOf(signed, account, expiry));
        bytes memory wrapped = abi.encodePacked(
            abi.encode(address(factory), abi.encodeCall(factory.create, (buyer)), inner),
            uint256(0x6492649264926492649264926492649264926492649264926492649264926492)
        );
        vm.etch(VERIFIER, type(RevertingVerifier).runtimeCode);
        market.buyFor(account, signed, expiry, wrapped, none);
        assertTrue(market.isEntitled(offerId, account, model), "pass");
        assertEq(account.code.length, 0, "nothing of it stays");
        assertEq(factory.made(), 0, "nothing of it stays");
    }
}
